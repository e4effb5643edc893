import { useState } from "preact/hooks";

/** An id for an element: unlike `useId`, unique among all views of a page, not of one of them. */
export function useUnique(): string {
  return useState(() => `nbx-${Math.random().toString(36).slice(2)}`)[0];
}
