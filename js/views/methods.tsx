/** Which method answers: its card, others in its place, and another beside it. */
import { count } from "../format.js";
import type { Store } from "../store.js";
import { Asked } from "./asked.js";
import { Menu } from "./choose.js";

export function Methods({ store }: { store: Store }) {
  const { methods } = store;
  const all = methods.all.value;
  const [first, ...others] = all;
  if (!first) return null;
  const choice = methods.possible.value && others.length > 0;
  const options = all.map(({ name, title }) => ({ value: name, label: title, name }));
  const beside = methods.chosen().beside ?? null;
  return (
    <div class="nbx-menu nbx-methods">
      {choice ? (
        <Menu
          label="Method"
          hook="method"
          quiet
          options={options}
          value={first.name}
          onChoose={methods.ask}
        />
      ) : (
        <span class="nbx-muted">{first.title}</span>
      )}
      <About store={store} />
      {choice && !store.meta.value!.tokens && (
        <Menu
          label="Beside"
          hook="beside"
          plural="methods beside"
          options={[{ value: null, label: "none", name: "" }, ...options.slice(1)]}
          value={beside}
          onChoose={(name: string | null) => store.choose({ beside: name })}
        />
      )}
    </div>
  );
}

/** The card. */
function About({ store }: { store: Store }) {
  const { all, possible } = store.methods;
  const [{ title, facts }] = all.value as [(typeof all.value)[0]];
  if (!facts.length) return null;
  return (
    <details
      class="nbx-card"
      onKeyDown={(event) => {
        const box = event.currentTarget;
        if (event.key !== "Escape" || !box.open) return;
        box.open = false;
        box.querySelector("summary")!.focus();
        event.stopPropagation();
      }}
    >
      <summary aria-label={`About ${title}`}>?</summary>
      <div class="nbx-popup" tabIndex={0} role="group" aria-label={title}>
        {facts.map(([label, text]) => (
          <p>
            <b>{label}</b> {text}
          </p>
        ))}
        {!possible.value && store.status.value.state !== "live" && (
          <p>Other methods answer in a notebook: run its cell again.</p>
        )}
      </div>
    </details>
  );
}

/** What has become of a method that was asked for. */
export function Switching({ store }: { store: Store }) {
  const asking = store.methods.asking.value;
  if (!asking) return null;
  const { method, wait, done, total } = asking;
  const rows = done ? ` ${count(done)}${total ? ` of ${count(total)}` : ""} rows` : "";
  return <Asked wait={wait} of={method.title} done={rows} />;
}
