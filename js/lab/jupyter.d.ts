/** What the extension uses of JupyterLab and Notebook, whose pages share these modules. */

declare module "@lumino/widgets" {
  export interface Signal<Sender, Args> {
    connect(slot: (sender: Sender, args: Args) => void): boolean;
  }

  export class Widget {
    constructor(options?: { node?: HTMLElement });
    id: string;
    readonly node: HTMLElement;
    readonly title: { label: string; caption: string; icon: object; closable: boolean };
    readonly isVisible: boolean;
    readonly isDisposed: boolean;
    readonly disposed: Signal<this, void>;
    dispose(): void;
  }

  export class Panel extends Widget {
    addWidget(widget: Widget): void;
  }
}

declare module "@jupyterlab/rendermime" {
  import type { Widget } from "@lumino/widgets";

  export interface Model {
    readonly data: Readonly<Record<string, unknown>>;
  }

  export interface Renderer extends Widget {
    renderModel(model: Model): Promise<void>;
  }

  export interface IRenderMimeRegistry {
    readonly mimeTypes: readonly string[];
    addFactory(
      factory: { safe: boolean; mimeTypes: string[]; createRenderer: () => Renderer },
      rank: number,
    ): void;
    createModel(options: { data: Record<string, unknown>; trusted: boolean }): Model;
    createRenderer(mimeType: string): Renderer;
  }
}

declare module "@jupyterlab/notebook" {
  import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
  import type { Signal, Widget } from "@lumino/widgets";

  export interface Kernel {
    registerCommTarget(name: string, callback: () => void): void;
  }

  export interface SessionContext {
    readonly session: { readonly kernel: Kernel | null } | null;
    readonly iopubMessage: Signal<
      this,
      { header: { msg_type: string }; content: { data?: Record<string, unknown> } }
    >;
    readonly statusChanged: Signal<this, string>;
    readonly kernelChanged: Signal<this, { newValue: Kernel | null }>;
  }

  export interface NotebookPanel extends Widget {
    readonly content: { readonly rendermime: IRenderMimeRegistry };
    readonly sessionContext: SessionContext;
  }

  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly widgetAdded: Signal<this, NotebookPanel>;
    readonly currentChanged: Signal<this, NotebookPanel | null>;
    forEach(call: (notebook: NotebookPanel) => void): void;
  }
  export const INotebookTracker: object;
}

declare module "@jupyterlab/application" {
  import type { Widget } from "@lumino/widgets";

  export interface Contents {
    get(path: string): Promise<{ content: { name: string }[] }>;
    save(
      path: string,
      file: { type: string; format?: string; content?: unknown },
    ): Promise<unknown>;
  }

  export interface JupyterFrontEnd {
    readonly commands: {
      addCommand(
        name: string,
        options: {
          label: string;
          caption?: string;
          icon?: object;
          isEnabled?: () => boolean;
          execute: (args: { cwd?: string }) => unknown;
        },
      ): void;
      execute(name: string, args: object): Promise<unknown>;
    };
    readonly serviceManager: { readonly contents: Contents };
    readonly shell: {
      add(widget: Widget, area: string, options: { rank: number }): void;
      activateById(id: string): void;
    };
  }

  export interface JupyterFrontEndPlugin {
    id: string;
    autoStart: boolean;
    requires?: object[];
    optional?: object[];
    activate(app: JupyterFrontEnd, ...services: never[]): void;
  }
}

declare module "@jupyterlab/apputils" {
  export interface ICommandPalette {
    addItem(item: { command: string; category: string }): void;
  }
  export const ICommandPalette: object;
  export function showErrorMessage(title: string, error: unknown): Promise<void>;
}

declare module "@jupyterlab/launcher" {
  export interface ILauncher {
    add(item: { command: string; category: string; rank: number }): void;
  }
  export const ILauncher: object;
}

declare module "@jupyterlab/ui-components" {
  export class LabIcon {
    constructor(options: { name: string; svgstr: string });
  }
}

/** The tutorials' file names, as the build found them. */
declare const TUTORIALS: string[];
