/** A kernel for the demo page and the tests: it answers edits as if the network were linear. */
import type { FedStore, Host } from "../store.js";

/** Answers at once; of anything else it says nothing. */
export function linear(store: () => FedStore): Host["edit"] {
  return (position, edit, id, choices) => {
    const here = store().instances.peek()!;
    const row = here.row(here.find(position))!;
    const entries = row.values.length;
    const values = row.values.slice();
    const named = new Map(row.named);
    for (const [feature, value, lag] of edit)
      row.owners.forEach((owner, e) => {
        if (owner !== feature || (lag !== null && here.lag(e) !== lag)) return;
        const choice = typeof value !== "number";
        values[e] = choice ? Number(here.state.members?.[e] === value) : value;
        if (choice) named.set(feature, value ?? "none");
      });
    const outputs = row.outputs.map((output, k) =>
      values.reduce(
        (sum, value, e) => sum + row.jacobian[k * entries + e]! * (value - row.values[e]!),
        output,
      ),
    );
    // Where inputs move, so do derivatives a little.
    const jacobian = row.jacobian.map((g, i) => g * (1 - 0.5 * Math.tanh(outputs[0]! / 4 + i / 9)));
    const others = Array.from(here.positions.subarray(0, 6)).filter((at) => at !== position);
    store().receiveEdited(
      { ...row, target: null, outputs, jacobian, values, named },
      {
        id,
        outside: edit.flatMap(([feature, value, lag]): [number, number | null, number, number][] =>
          typeof value === "number" && Math.abs(value) > 1e4 ? [[feature, lag, -3, 1e4]] : [],
        ),
        near: others.slice(0, 5).map((at, i) => ({
          row: at,
          label: here.label(here.find(at)),
          distance: i / 2 + 0.25,
        })),
        ...(choices && { choices: choicesOf(store()) }),
      },
    );
  };
}

/** The columns of every group. */
function choicesOf(store: FedStore): Record<string, string[]> {
  const { owners, state } = store.instances.peek()!;
  const found: Record<string, string[]> = {};
  const { members } = state;
  if (members) owners.forEach((owner, e) => (found[owner] ??= []).push(members[e]!));
  return Object.fromEntries(Object.entries(found).filter(([, names]) => names.length > 1));
}
