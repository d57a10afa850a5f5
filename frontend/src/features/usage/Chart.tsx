import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { UsageReport } from "@/api/usage";
import { formatDate, useLocale, useT } from "@/lib/i18n";
import { useDark } from "@/lib/useDark";
import { type Measure, series, shown } from "./figures";
import styles from "./Usage.module.css";

const height = 220;

/** A colour of the tokens, as a canvas takes it. */
function ink(host: HTMLElement, name: string): string {
  host.style.color = `var(${name})`;
  const { color } = getComputedStyle(host);
  host.style.color = "";
  return color;
}

const dayOf = (seconds: number, options: Intl.DateTimeFormatOptions) =>
  formatDate(new Date(seconds * 1000), { timeZone: "UTC", ...options });

function options(host: HTMLElement, measure: Measure, tell: (index: number | null) => void): uPlot.Options {
  const axis = {
    stroke: ink(host, "--ink-3"),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    ticks: { show: false },
  };
  return {
    width: host.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 72,
        values: (_, splits) => splits.map((at) => dayOf(at, { day: "numeric", month: "short" })),
      },
      {
        ...axis,
        size: 68,
        grid: { stroke: ink(host, "--line"), width: 1 },
        values: (_, splits) => splits.map((value) => shown(value, measure)),
      },
    ],
    series: [
      {},
      {
        fill: ink(host, "--accent"),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars?.({ size: [0.72, 44], radius: 0.08 }) ?? (() => null),
      },
    ],
    hooks: { setCursor: [(plot) => tell(plot.cursor.idx ?? null)] },
  };
}

/** What each day took. The table below says the same in words. */
export function Chart({ report, measure }: { report: UsageReport; measure: Measure }) {
  const t = useT();
  const dark = useDark();
  const locale = useLocale();
  const place = useRef<HTMLDivElement>(null);
  const note = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const host = place.current;
    const said = note.current;
    if (!host || !said) return;
    const { days, values } = series(report, measure);
    const tell = (index: number | null) => {
      const day = index === null ? undefined : days[index];
      const value = index === null ? undefined : values[index];
      said.textContent =
        day === undefined || value === undefined
          ? ""
          : `${dayOf(day, { dateStyle: "medium" })}: ${shown(value, measure)}`;
    };
    const plot = new uPlot(options(host, measure, tell), [days, values], host);
    const watch = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [report, measure, dark, locale]);

  const label = t("usage.chart_label", {
    measure: t(`usage.measure_${measure}`),
    from: report.from,
    to: report.to,
  });
  return (
    <figure className={styles["chart"]}>
      <div ref={place} className={styles["plot"]} role="img" aria-label={label} />
      <figcaption ref={note} className={styles["said"]} />
    </figure>
  );
}
