/** A followed model as Python would send it: what led before lost, some others gained. */
import { packed, unpack, type Meta, type Packed, type State } from "../wire.js";

/** The state compared with a version in which the first features had a part of the others' share. */
export function withVersions(state: State): State {
  const { response, output, slices } = state.meta as Meta;
  const F = state.names.length;
  const first = slices.findIndex((of) => of.response === response && of.output === output);
  const now = unpack(state.importance as Packed, "<f4").subarray(first * 4 * F, first * 4 * F + F);
  const raw = Float32Array.from(now, (share, f) => share * [1.4, 0.7, 1, 1.3, 0.9][f % 5]!);
  const total = raw.reduce((sum, one) => sum + one, 0);
  const share = raw.map((one) => (100 * one) / total);
  const order = Array.from(share, (_, f) => f).sort((a, b) => share[b]! - share[a]!);
  const before = new Float32Array(3 * F);
  share.forEach((was, f) => {
    const change = now[f]! - was;
    before[f] = was;
    before[F + f] = order.indexOf(f) + 1;
    before[2 * F + f] = Math.abs(change) > 1.5 ? Math.sign(change) : 0;
  });
  return {
    ...state,
    versions: {
      list: [
        [1, "as trained", true],
        [2, "version 2", false],
        [3, "version 3", false],
      ],
      ...{ shown: 3, against: 1, note: "", followed: true, response, output },
      sentence: "version 3 against as trained: lost: PAY_0 5.4 points beyond its interval.",
      notes: ["Intervals of changes hold for all features at once (95 %; row sampling)."],
      before: packed(before, 3, F),
    },
  };
}
