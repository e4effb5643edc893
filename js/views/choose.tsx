/** One of several: segments side by side where they are few, else a menu that can be searched. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useUnique } from "./unique.js";

export interface Option<V> {
  value: V;
  label: string;
  /** The full name, for `data-output` and `data-response`. */
  name: string;
}

interface Props<V> {
  label: string;
  /** Ending of the options' data attribute. */
  hook: string;
  /** What the options are, where the label does not say so. */
  plural?: string;
  /** Whether the label is not shown. */
  quiet?: boolean;
  /** Whether the options are things to do: none is chosen, and the label names the button. */
  acts?: boolean;
  options: Option<V>[];
  value: V;
  onChoose(value: V): void;
}

const SEARCHABLE = 10;

export function Segments<V>({ label, hook, options, value, onChoose }: Props<V>) {
  const group = useUnique();
  return (
    <fieldset class="nbx-segments">
      <legend class="nbx-hidden">{label}</legend>
      {options.map((option) => (
        <label {...{ [`data-${hook}`]: option.name }}>
          <input
            type="radio"
            name={group}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <bdi>{option.label}</bdi>
        </label>
      ))}
    </fieldset>
  );
}

export function Menu<V>(props: Props<V>) {
  const { label, hook, options, value, onChoose, acts } = props;
  const plural = props.plural ?? `${label.toLowerCase()}s`;
  const id = useUnique();
  const open = useSignal(false);
  const query = useSignal("");
  const active = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const searchable = options.length > SEARCHABLE;
  const wanted = query.value.trim().toLocaleLowerCase();
  const found = wanted
    ? options.filter((option) => option.label.toLocaleLowerCase().includes(wanted))
    : options;
  const current = options.find((option) => option.value === value);
  const place = Math.min(active.value, found.length - 1);

  const close = () => {
    open.value = false;
    button.current?.focus();
  };
  const show = () => {
    query.value = "";
    active.value = Math.max(
      0,
      options.findIndex((option) => option.value === value),
    );
    open.value = true;
  };
  const choose = (option: Option<V> | undefined) => {
    if (!option) return;
    onChoose(option.value);
    close();
  };
  const onKey = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + 8,
      PageUp: place - 8,
      ...(searchable ? {} : { Home: 0, End: found.length - 1 }),
    };
    const to = steps[event.key];
    if (to !== undefined) active.value = Math.min(Math.max(to, 0), found.length - 1);
    else if (event.key === "Enter" || (event.key === " " && !searchable)) choose(found[place]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => {
    if (!open.value) return;
    (searchable ? search : list).current?.focus();
    const page = box.current?.getRootNode();
    const outside = (event: Event) => {
      if (!event.composedPath().includes(box.current!)) open.value = false;
    };
    page?.addEventListener("pointerdown", outside);
    return () => page?.removeEventListener("pointerdown", outside);
  }, [open.value]);
  useEffect(() => {
    if (open.value) list.current?.children[place]?.scrollIntoView?.({ block: "nearest" });
  }, [open.value, place]);

  const pointing = {
    "aria-controls": `${id}-list`,
    "aria-activedescendant": found[place] ? `${id}-${place}` : undefined,
  };
  return (
    <div class="nbx-menu" ref={box}>
      {!acts && (
        <span class={props.quiet ? "nbx-hidden" : "nbx-muted"} id={`${id}-label`}>
          {label}
        </span>
      )}
      <button
        type="button"
        ref={button}
        id={`${id}-button`}
        aria-haspopup={acts ? "menu" : "listbox"}
        aria-expanded={open.value}
        aria-labelledby={acts ? undefined : `${id}-label ${id}-button`}
        onClick={() => (open.value ? close() : show())}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open.value) (show(), event.preventDefault());
        }}
      >
        <bdi>{acts ? label : (current?.label ?? "")}</bdi>
      </button>
      <div class="nbx-popup" hidden={!open.value} onKeyDown={onKey}>
        {searchable && (
          <input
            ref={search}
            role="combobox"
            aria-expanded="true"
            aria-label={`Search ${plural}`}
            placeholder={`Search ${options.length - (props.plural ? 0 : 1)} ${plural}`}
            value={query}
            onInput={(event) => {
              query.value = event.currentTarget.value;
              active.value = 0;
            }}
            {...pointing}
          />
        )}
        <ul
          ref={list}
          id={`${id}-list`}
          role={acts ? "menu" : "listbox"}
          aria-label={props.plural ? label : `${label}s`}
          tabIndex={searchable ? -1 : 0}
          {...(searchable ? {} : pointing)}
        >
          {found.map((option, i) => (
            <li
              key={i}
              id={`${id}-${i}`}
              role={acts ? "menuitem" : "option"}
              class={i === place ? "nbx-active" : undefined}
              aria-selected={acts ? undefined : option.value === value}
              onClick={() => choose(option)}
              {...{ [`data-${hook}`]: option.name }}
            >
              <bdi>{option.label}</bdi>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="nbx-muted">No match</p>}
      </div>
    </div>
  );
}
