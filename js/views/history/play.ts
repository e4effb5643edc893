/** Playing a training from its first step, or from where the scrubber stands, to the last. */
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { nearest } from "../../history.js";
import type { Store } from "../../store.js";

/** Milliseconds that the whole takes. */
export const PLAY = 8_000;
/** Where motion is to be reduced, so many pictures of it, one after the other. */
const JUMPS = 8;

/** Whether it plays: setting it begins and ends that. */
export function usePlay(store: Store, root: HTMLElement): Signal<boolean> {
  const playing = useSignal(false);
  useSignalEffect(() => {
    const view = root.ownerDocument.defaultView;
    const moments = store.past.history.peek()?.moments;
    if (!playing.value || !view || !moments) return;
    const calm = view.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    const [first, last] = [moments[0]!.step, moments.at(-1)!.step];
    // Of two trainings, the first may be at its only moment.
    const start = ((store.past.moment.peek()?.step ?? first) - first) / (last - first || 1);
    let [began, shown] = [NaN, -1];
    const draw = (now: number) => {
      if (!playing.peek()) return; // effects end with the next frame, which this may be
      if (Number.isNaN(began)) began = now;
      const gone = start + (now - began) / PLAY;
      if (gone >= 1) {
        playing.value = false;
        store.choose({ moment: null });
        return;
      }
      const share = calm ? Math.floor(gone * JUMPS) / JUMPS : gone;
      const { step } = moments[nearest(moments, first + share * (last - first))]!;
      if (step !== shown) store.choose({ moment: step });
      shown = step;
      frame = view.requestAnimationFrame(draw);
    };
    let frame = view.requestAnimationFrame(draw);
    return () => view.cancelAnimationFrame(frame);
  });
  return playing;
}
