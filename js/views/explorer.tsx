/** The linked panel: ranked bars beside the instances and the picked one. */
import { Importance } from "./importance.js";
import { Instances } from "./instances.js";
import { Local } from "./local.js";
import type { ViewProps } from "./props.js";

export function Explorer(props: ViewProps) {
  return (
    <div class="nbx-explorer">
      <div data-nbx-view="importance" data-nbx-state="ready">
        <Importance {...props} />
      </div>
      <div data-nbx-view="instances" data-nbx-state="ready">
        <Instances {...props} />
      </div>
      <div data-nbx-view="local" data-nbx-state="ready">
        <Local {...props} />
      </div>
    </div>
  );
}
