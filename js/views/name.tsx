/** A name on one line, cut in its middle where it must be. */
import { parts, printable } from "../format.js";

export function Name({ name }: { name: string }) {
  const [head, tail] = parts(printable(name));
  return (
    <span class="nbx-name">
      <span dir="auto">
        <span>{head}</span>
        {tail && <span>{tail}</span>}
      </span>
    </span>
  );
}
