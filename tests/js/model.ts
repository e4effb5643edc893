/** A widget model as hosts offer it, without a host. */
import type { AnyModel } from "@anywidget/types";

export class FakeModel {
  readonly sent: { t: string; [key: string]: unknown }[] = [];
  /** Of each message, the positions that its buffers hold. */
  readonly rows: (number[] | null)[] = [];
  /** Of each message, the positions that each of its buffers holds. */
  readonly buffers: number[][][] = [];
  readonly handlers = new Map<string, Set<(...args: unknown[]) => void>>();

  constructor(private state: Record<string, unknown>) {}

  get = (name: string) => this.state[name];
  send = (message: never, _callbacks?: unknown, buffers?: ArrayBuffer[]) => {
    this.sent.push(message);
    this.buffers.push((buffers ?? []).map((buffer) => Array.from(new Uint32Array(buffer))));
    this.rows.push(buffers ? Array.from(new Uint32Array(buffers[0]!)) : null);
  };
  on(name: string, handler: (...args: unknown[]) => void) {
    if (!this.handlers.has(name)) this.handlers.set(name, new Set());
    this.handlers.get(name)!.add(handler);
  }
  off(name: string, handler: (...args: unknown[]) => void) {
    this.handlers.get(name)?.delete(handler);
  }

  /** As Python sets traits: all at once, then one event each. */
  receive(values: Record<string, unknown>) {
    Object.assign(this.state, values);
    for (const name of Object.keys(values)) this.emit(`change:${name}`);
  }
  emit(name: string, ...args: unknown[]) {
    for (const handler of [...(this.handlers.get(name) ?? [])]) handler(...args);
  }
  get listeners(): number {
    return [...this.handlers.values()].reduce((sum, set) => sum + set.size, 0);
  }
  get asModel(): AnyModel {
    return this as unknown as AnyModel;
  }
}
