/** The versions of a followed model: what changed, which is shown, against which. */
import { printable } from "../format.js";
import type { Store } from "../store.js";
import type { VersionsState } from "../versions.js";

export function Versions({ store: { versions } }: { store: Store }) {
  const told = versions.told.value;
  if (!told || (told.list.length < 2 && !told.note)) return null;
  return (
    <div class="nbx-versions" role="group" aria-label="Versions">
      <p role="status">
        <bdi>{told.note || told.sentence || "Nothing to compare this version with."}</bdi>
      </p>
      {told.list.length > 1 && <Choices told={told} versions={versions} />}
    </div>
  );
}

function Choices({ told, versions }: { told: VersionsState; versions: Store["versions"] }) {
  const { list, shown, against } = told;
  const [, name = "", pinned = false] = list.find(([number]) => number === shown) ?? [];
  const disabled = !versions.possible.value;
  const { ask } = versions;
  const options = (skip?: number) =>
    list
      .filter(([number]) => number !== skip)
      .map(([number, called, pin]) => (
        <option value={number}>{(pin ? "★ " : "") + printable(called)}</option>
      ));
  return (
    <>
      <label>
        Shown{" "}
        <select
          disabled={disabled}
          value={shown}
          onChange={(event) => ask({ do: "show", number: Number(event.currentTarget.value) })}
        >
          {options()}
        </select>
      </label>
      <label>
        against{" "}
        <select
          disabled={disabled}
          value={against ?? ""}
          onChange={(event) => {
            const { value } = event.currentTarget;
            ask({ do: "against", number: value ? Number(value) : null });
          }}
        >
          <option value="">nothing</option>
          {options(shown)}
        </select>
      </label>
      <input
        key={`${shown} ${name}`}
        disabled={disabled}
        aria-label="Name of the version shown"
        defaultValue={name}
        maxLength={200}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur(); // hosts have uses of their own for it
        }}
        onChange={(event) => ask({ do: "name", number: shown, name: event.currentTarget.value })}
      />
      <button
        type="button"
        class="nbx-button"
        disabled={disabled}
        aria-pressed={pinned}
        onClick={() => ask({ do: "pin", number: shown, pinned: !pinned })}
      >
        Pin
      </button>
    </>
  );
}
