/** A second method: a ring on the bars of the first, and both at the picked row. */
import { counted, decimals, effects, fixed, printable } from "../format.js";
import { isWait, type Beside } from "../methods.js";
import type { Store } from "../store.js";
import { Asked } from "./asked.js";
import { Behind } from "./behind.js";
import { Name } from "./name.js";

/** Features of the picked row. */
const MOST = 8;
/** Of them in the table behind. */
const TOLD = 100;

/** The method beside, where its importances are here. */
export function besideOf(store: Store): Beside | null {
  const found = store.methods.beside.value;
  return found && !isWait(found) ? found : null;
}

/** How far the two agree, and which question each answers. */
export function Agreement({ store }: { store: Store }) {
  const found = store.methods.beside.value;
  if (!found) return null;
  if (isWait(found)) return <Asked wait={found} />;
  const both = [store.methods.all.value[0]!, found.method];
  return (
    <div class="nbx-agreement">
      {found.sentence && <p role="status">{found.sentence}</p>}
      <ul>
        {both.map(({ title, facts }, i) => (
          <li>
            <i class={i ? "nbx-dot" : "nbx-key nbx-none"} /> <b>{title}</b>{" "}
            <span class="nbx-muted">{facts[0]?.[1]}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What another method makes of a feature, on its bar: written into, like the bar itself. */
export class Ring {
  private parts: HTMLElement[] = [];

  draw(track: HTMLElement, found: Beside | null, feature: number, at: Scale): void {
    const share = found?.share[feature] ?? NaN;
    if (Number.isNaN(share)) {
      this.parts.forEach((part) => part.remove());
      this.parts = [];
      return;
    }
    if (!this.parts.length)
      this.parts = ["nbx-span", "nbx-dot", "nbx-moved"].map((name) => {
        const made = track.ownerDocument.createElement("i");
        made.className = name;
        track.append(made);
        return made;
      });
    const [span, ring, said] = this.parts as [HTMLElement, HTMLElement, HTMLElement];
    Object.assign(span.style, between(share, at.share, at.domain));
    ring.style.left = percent(share, at.domain);
    said.dataset["moved"] = fixed(share, at.places);
    said.dataset["claim"] = "";
  }
}

interface Scale {
  /** The bar's length, and the end of the axis. */
  share: number;
  domain: number;
  places: number;
}

/** A feature's share by the other method in words, for a screen reader. */
export const spokenBeside = ({ method, share, rank }: Beside, f: number, places: number): string =>
  Number.isNaN(share[f]!)
    ? ""
    : `, by ${method.title} ${fixed(share[f]!, places)} percent, rank ${rank[f]}`;

/** The picked row by both methods: shares of absolute values on one axis, signs beside them. */
export function AtRow({ store }: { store: Store }) {
  const found = store.methods.row.value;
  if (!found) return null;
  if (isWait(found)) return <Asked wait={found} />;
  const names = store.names.value;
  const titles = [store.methods.all.value[0]!.title, found.method.title];
  const both = [found.own, found.other].map(([share, attribution]) => {
    const write = effects(attribution.reduce((most, by) => Math.max(most, Math.abs(by) || 0), 0));
    return { share, attribution, said: (f: number) => write(attribution[f]!) };
  });
  const [own, other] = both as [(typeof both)[0], (typeof both)[0]];
  const order = Array.from(own.share, (_, f) => f).sort(
    (a, b) => own.share[b]! - own.share[a]! || a - b,
  );
  const listed = order.slice(0, MOST);
  const most = Math.max(...listed.flatMap((f) => both.map(({ share }) => share[f] || 0))) || 100;
  const left = names.length - listed.length;
  return (
    <div class="nbx-pair">
      <p>
        This instance by <i class="nbx-key nbx-none" /> <b>{titles[0]}</b> and <i class="nbx-dot" />{" "}
        <b>{titles[1]}</b>: shares of absolute values, to {fixed(most, decimals(most))} %
        {store.against.group.value && ", each against its own baseline"}
        {left > 0 && `; ${counted(left, "other feature")} not drawn`}
      </p>
      <div class="nbx-effects" aria-hidden="true">
        {listed.map((f) => {
          const ends = [own.share[f]!, other.share[f]!] as const;
          return (
            <div class="nbx-effect" data-both={names[f]}>
              <Name name={names[f]!} />
              <span class={`nbx-move nbx-${hue(own.attribution[f]!)}`}>{own.said(f)}</span>
              <span class={`nbx-track nbx-${hue(own.attribution[f]!)}`}>
                <i class="nbx-bar" style={{ width: percent(ends[0], most) }} />
                <b class="nbx-span" style={between(...ends, most)} />
                <b class="nbx-dot" style={{ left: percent(ends[1], most) }} />
              </span>
              <span class={`nbx-move nbx-${hue(other.attribution[f]!)}`}>{other.said(f)}</span>
            </div>
          );
        })}
      </div>
      <Behind
        caption={`This instance by ${titles.join(" and ")}`}
        head={["Feature", ...titles.flatMap((title) => [title, `${title}, percent`])]}
        rows={order
          .slice(0, TOLD)
          .map((f) => [
            printable(names[f]!),
            ...both.flatMap(({ share, said }) => [said(f), fixed(share[f]!, 1)]),
          ])}
      />
    </div>
  );
}

const percent = (value: number, most: number): string => `${(100 * (value || 0)) / most}%`;

const between = (a: number, b: number, most: number) => ({
  left: percent(Math.min(a, b), most),
  width: percent(Math.abs(a - b), most),
});

const hue = (by: number): string => (by > 0 ? "rises" : by < 0 ? "falls" : "none");
