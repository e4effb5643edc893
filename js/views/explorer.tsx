/** The linked panel: ranked bars beside the instances and the picked one, lags and a history where there are. */
import { TrainingHistory } from "./history.js";
import { Importance } from "./importance.js";
import { Instances } from "./instances.js";
import { Lags } from "./lags.js";
import { Local } from "./local.js";
import type { ViewProps } from "./props.js";

export function Explorer(props: ViewProps) {
  const meta = props.store.meta.value!;
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
      {meta.lags && (
        <div data-nbx-view="lags" data-nbx-state="ready">
          <Lags {...props} />
        </div>
      )}
      {(props.store.past.history.value ||
        (meta.tokens && props.store.status.value.state === "live")) && (
        <div data-nbx-view="history" data-nbx-state="ready">
          <TrainingHistory {...props} />
        </div>
      )}
    </div>
  );
}
