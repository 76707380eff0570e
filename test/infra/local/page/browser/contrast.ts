/** Runs in the browser. */

/** Visible texts whose contrast with what is painted behind them is below 4.5 (WCAG AA). */
export function unreadable(): string[] {
  const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const parse = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = parse(colour).map((value) => channel(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (colour: string): boolean => colour.startsWith('rgb') && (parse(colour)[3] ?? 1) > 0;
  const behind = (element: Element): string => {
    const shape = element.closest('.state, .badge')?.querySelector('path, polygon, rect');
    if (element instanceof SVGElement && shape) return getComputedStyle(shape).fill;
    for (let one: Element | null = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (opaque(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const bad: string[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim());
    if (!own || element.getClientRects().length === 0 || element.matches('script, style, option, :disabled')) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [high = 0, low = 0] = [luminance(colour), luminance(behind(element))].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) bad.push(`${element.textContent?.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return bad;
}
