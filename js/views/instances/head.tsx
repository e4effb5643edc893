/** Above the picture: how many rows, which way they are shown, what colours mean, the brush. */
import { useComputed, useSignal, type ReadonlySignal, type Signal } from "@preact/signals";
import { classColour, gradient } from "../../canvas/colours.js";
import { same } from "../../against.js";
import type { Paper } from "../../canvas/paper.js";
import { count, printable } from "../../format.js";
import type { Store } from "../../store.js";
import { Menu } from "../choose.js";
import type { Brush } from "./brush.js";
import { colourTitle, look, type Painted } from "./painted.js";
import type { Colour, Scene } from "./quantities.js";

/** A row by its label, in the page or from the kernel. */
export function Search({ store }: { store: Store }) {
  const text = useSignal("");
  const search = store.search.value;
  const wait = search && search.label === text.value.trim() ? search.wait : undefined;
  return (
    <span class="nbx-find">
      <input
        type="search"
        placeholder="Find a row"
        aria-label="Find a row by its label"
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") text.value = "";
          else if (event.key !== "Enter" || !text.value.trim()) return;
          else {
            // Rows without labels are shown as "#12".
            if (!store.instances.peek()?.state.labels)
              text.value = text.value.trim().replace(/^#/, "");
            store.find((text.value = text.value.trim()));
          }
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span class="nbx-found" role="status">
        {wait === "asked" && (
          <>
            <span class="nbx-soon">Asking the kernel for “{printable(search!.label)}” …</span>
            <span class="nbx-busy"> The kernel is busy; this will fill in when it is free.</span>
          </>
        )}
        {wait && wait !== "asked" && <bdi>{wait.error}</bdi>}
      </span>
    </span>
  );
}

/** "2,047 brushed ×": ends the brush. */
export function Chip({ store, brush }: { store: Store; brush: Brush }) {
  const rows = store.rows.value;
  if (!rows) return null;
  const held = store.subset.value?.held ?? rows.length;
  return (
    <span class="nbx-brush">
      <button
        type="button"
        class="nbx-chip"
        data-brushed={rows.length}
        onClick={() => brush.choose(null)}
      >
        {count(rows.length)} brushed <span aria-hidden="true">×</span>
        <span class="nbx-hidden">, clear the brush</span>
      </button>
      {store.against.possible.value && !same(store.against.group.value, rows) && (
        <button
          type="button"
          class="nbx-button"
          title="Hold the picked instance against the mean of these rows"
          onClick={() => store.choose({ against: rows })}
        >
          Compare with these {count(rows.length)}
        </button>
      )}
      {held < rows.length && (
        <span class="nbx-muted">
          {count(held)} of {count(rows.length)} with attributions
        </span>
      )}
    </span>
  );
}

interface LegendProps {
  scene: ReadonlySignal<Scene>;
  painted: ReadonlySignal<Painted>;
  paper: ReadonlySignal<Paper>;
  colour: Signal<Colour>;
}

export function ColourLegend({ scene, painted, paper, colour }: LegendProps) {
  const { here } = scene.value;
  const options = useComputed(() => {
    const known: Colour[] = here.vocabulary ? [] : ["attribution"];
    if (here.targeted)
      known.push(...(here.state.classifier ? (["classes"] as const) : []), "error");
    return known.map((value) => ({ value, label: colourTitle(scene.value, value), name: value }));
  }).value;
  const { ramp, ends, classes, more, excuse, unknown } = painted.value;
  const { theme } = paper.value;
  if (!options.length) return null;
  return (
    <div class="nbx-colour">
      <Menu
        label="colour"
        hook="colour"
        plural="colours"
        options={options}
        value={colour.value}
        onChoose={(value: Colour) => (colour.value = value)}
      />
      {ends && <Ramp low={ends[0]} high={ends[1]} background={gradient(theme, ramp)} />}
      {classes && (
        <ul>
          {classes.map(({ code, name }, place) => {
            const [shade, shape] = look(place);
            return (
              <li key={code}>
                <i class={`nbx-shape-${shape}`} style={{ color: classColour(theme, shade - 1) }} />
                <bdi>{name}</bdi>
              </li>
            );
          })}
          {!!more && <li class="nbx-muted">and {count(more)} more</li>}
        </ul>
      )}
      {excuse && <span class="nbx-muted">{excuse}</span>}
      {unknown > 0 && (
        <span class="nbx-muted">
          <i class="nbx-shape-0 nbx-unknown" />
          {count(unknown)} without {colour.value === "attribution" ? "attribution" : "true value"}
        </span>
      )}
    </div>
  );
}

export function Ramp({ low, high, background }: { low: string; high: string; background: string }) {
  return (
    <span class="nbx-ramp">
      {low}
      <i style={{ background }} />
      {high}
    </span>
  );
}
