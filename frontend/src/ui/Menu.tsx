import { Check } from "lucide-react";
import {
  createContext,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  type Ref,
  type RefObject,
  use,
  useEffect,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { cx } from "@/lib/cx";
import styles from "./Menu.module.css";
import { Popover } from "./Popover";
import type { Align, Side } from "./place";

const Close = createContext<() => void>(() => undefined);

export interface TriggerProps {
  ref: Ref<HTMLButtonElement>;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export interface MenuProps {
  label: string;
  trigger: (props: TriggerProps) => ReactElement;
  children: ReactNode;
  side?: Side;
  align?: Align;
  onOpenChange?: (open: boolean) => void;
}

const items = (menu: HTMLElement) => [
  ...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]:not([aria-disabled="true"])'),
];

/** A menu button: arrows, Home, End and first letters move; Enter or a click choose; Esc and Tab close. */
export function Menu({ label, trigger, children, side, align, onOpenChange }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    onOpenChange?.(next);
  };
  return (
    <>
      {trigger({
        ref: button,
        "aria-haspopup": "menu",
        "aria-expanded": open,
        onClick: () => change(!open),
        onKeyDown: (event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            change(true);
          }
        },
      })}
      {open ? (
        <MenuBox anchor={button} label={label} side={side} align={align} onClose={() => change(false)}>
          {children}
        </MenuBox>
      ) : null}
    </>
  );
}

export interface MenuBoxProps {
  anchor: RefObject<HTMLElement | null>;
  label: string;
  onClose: () => void;
  children: ReactNode;
  side?: Side;
  align?: Align;
}

/**
 * An open menu by itself, for a button that others draw. It hangs outside of what it stands beside: a list that is put
 * in another order moves its elements, and a moved popover closes.
 */
export function MenuBox({ anchor, label, onClose, children, side, align }: MenuBoxProps) {
  const [place] = useState(() => anchor.current?.closest("dialog") ?? document.body);
  return createPortal(
    <Popover anchor={anchor} side={side} align={align} onClose={onClose}>
      <Close value={onClose}>
        <MenuList label={label}>{children}</MenuList>
      </Close>
    </Popover>,
    place,
  );
}

function MenuList({ label, children }: { label: string; children: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null);
  const close = use(Close);
  useEffect(() => {
    const menu = ref.current;
    if (menu) (menu.querySelector<HTMLElement>('[aria-checked="true"]') ?? items(menu)[0])?.focus();
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const all = items(event.currentTarget);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const go = (index: number) => {
      event.preventDefault();
      all[(index + all.length) % all.length]?.focus();
    };
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(all.length - 1);
    else if (event.key === "Tab") close();
    else if (event.key.length === 1 && !event.metaKey && !event.ctrlKey) {
      const letter = event.key.toLowerCase();
      const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      after.find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    }
  };
  return (
    <div ref={ref} role="menu" tabIndex={-1} aria-label={label} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

export interface MenuItemProps {
  icon?: ReactNode;
  onSelect: () => void;
  children: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  /** A choice among several; the chosen one is marked. */
  checked?: boolean;
  hint?: ReactNode;
}

export function MenuItem({ icon, onSelect, children, danger, disabled, checked, hint }: MenuItemProps) {
  const close = use(Close);
  return (
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={checked}
      aria-disabled={disabled ?? undefined}
      tabIndex={-1}
      className={cx(styles["item"], danger && styles["danger"])}
      onPointerMove={(event) => {
        if (!disabled) event.currentTarget.focus({ preventScroll: true });
      }}
      onClick={() => {
        if (disabled) return;
        close();
        onSelect();
      }}
    >
      {icon}
      <span className={styles["grow"]}>{children}</span>
      {hint}
      {checked ? <Check size={16} aria-hidden="true" /> : null}
    </button>
  );
}

export function MenuRule() {
  return <div role="separator" className={styles["rule"]} />;
}
