// SPDX-License-Identifier: BSD-3-Clause
// Elements are made here and nowhere else. Texts from data become text nodes and attribute values,
// never markup; addresses from data pass webAddress().

export type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined | EventListener | Record<string, string>;
export type Props = Record<string, Value>;

const SVG = "http://www.w3.org/2000/svg";

function fill(element: Element, props: Props, children: (Child | Child[])[]): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (typeof value === "object") {
      const style = (element as HTMLElement).style;
      for (const [key, text] of Object.entries(value)) style.setProperty(key, text);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** An HTML element. `on...` properties are listeners; `style` takes an object. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: (Child | Child[])[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, props, children);
  return element;
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, props: Props = {}, ...children: (Child | Child[])[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  fill(element, props, children);
  return element;
}

/** The address if it is one of the web, else nothing: no `javascript:`, no `data:`. */
export function webAddress(text: string): string | null {
  try {
    const address = new URL(text);
    return address.protocol === "https:" || address.protocol === "http:" ? address.href : null;
  } catch {
    return null;
  }
}

/** Drawn anew whenever the width that it has changes. */
export function responsive(draw: (width: number) => Node): HTMLElement {
  const box = h("div", { class: "figure-box" });
  let last = 0;
  const observer = new ResizeObserver((entries) => {
    const width = Math.floor(entries[0]?.contentRect.width ?? 0);
    if (width < 1 || width === last) return;
    last = width;
    box.replaceChildren(draw(width));
  });
  observer.observe(box);
  return box;
}

/** Hands a file to the browser to be saved. */
export function save(name: string, data: Blob): void {
  const address = URL.createObjectURL(data);
  const link = h("a", { href: address, download: name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 120) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
