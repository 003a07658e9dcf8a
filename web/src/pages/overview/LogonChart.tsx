import { makeStyles, Text, tokens } from "@fluentui/react-components";

import type { Overview } from "../../api/activity";
import { clockOf, lengthOf } from "../../parts/times";

const useStyles = makeStyles({
  chart: { width: "100%", height: "240px", overflow: "visible" },
  bar: { fill: tokens.colorBrandBackground },
  line: { stroke: tokens.colorNeutralStroke2 },
  label: { fill: tokens.colorNeutralForeground3, fontSize: "11px" },
  hidden: { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" },
  legend: { color: tokens.colorNeutralForeground3 },
});

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [720, 240, 36, 24];

type Hour = Overview["hours"][number];

const told = (hour: Hour) =>
  `${clockOf(hour.start)}: ${hour.sessions.toLocaleString()} logons` +
  (hour.p95 == null ? "" : `, median ${lengthOf(hour.p50 ?? 0)}, 95 of 100 within ${lengthOf(hour.p95)}`);

/** Logons hour by hour; a table of the same is there for screen readers. */
export function LogonChart({ hours }: { readonly hours: readonly Hour[] }) {
  const styles = useStyles();
  const most = Math.max(1, ...hours.map((hour) => hour.sessions));
  const step = (WIDTH - LEFT) / hours.length;
  const height = HEIGHT - BOTTOM - 8;
  return (
    <div>
      <svg className={styles.chart} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        {[0, 0.5, 1].map((part) => {
          const y = HEIGHT - BOTTOM - part * height;
          return <line key={part} className={styles.line} x1={LEFT} x2={WIDTH} y1={y} y2={y} />;
        })}
        {hours.map((hour, index) => {
          const tall = (hour.sessions / most) * height;
          return (
            <rect
              key={hour.start}
              className={styles.bar}
              x={LEFT + index * step + step * 0.15}
              y={HEIGHT - BOTTOM - tall}
              width={step * 0.7}
              height={tall}
              rx={2}
            >
              <title>{told(hour)}</title>
            </rect>
          );
        })}
        <text className={styles.label} x={LEFT - 6} y={12} textAnchor="end">
          {most.toLocaleString()}
        </text>
        <text className={styles.label} x={LEFT - 6} y={HEIGHT - BOTTOM} textAnchor="end">
          0
        </text>
        {hours.map((hour, index) =>
          index % 4 === 3 ? (
            <text
              key={hour.start}
              className={styles.label}
              x={LEFT + (index + 0.5) * step}
              y={HEIGHT - 6}
              textAnchor="middle"
            >
              {clockOf(hour.start)}
            </text>
          ) : null,
        )}
      </svg>
      <Text size={200} className={styles.legend}>
        Point at a bar for the times that imports took.
      </Text>
      <ul className={styles.hidden} aria-label="Logons by hour">
        {hours
          .filter((hour) => hour.sessions > 0)
          .map((hour) => (
            <li key={hour.start}>{told(hour)}</li>
          ))}
      </ul>
    </div>
  );
}
