import { ChevronDown, Plus } from "lucide-react";
import { useKinds } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Button, Menu, MenuItem } from "@/ui";
import styles from "./Jobs.module.css";
import { kindIcons } from "./words";

const makes = ["batch", "research", "schedule", "export", "import"] as const;

/** Which kind of job to begin. */
export function NewMenu() {
  const t = useT();
  const { data } = useKinds();
  return (
    <Menu
      label={t("jobs.new")}
      align="end"
      trigger={(props) => (
        <Button {...props} look="primary" icon={<Plus size={16} aria-hidden="true" />}>
          {t("jobs.new")}
          <ChevronDown size={14} aria-hidden="true" />
        </Button>
      )}
    >
      {makes
        .filter((kind) => data?.kinds.includes(kind))
        .map((kind) => {
          const Icon = kindIcons[kind];
          return (
            <MenuItem
              key={kind}
              icon={<Icon size={16} aria-hidden="true" />}
              onSelect={() => navigate(paths.newJob(kind))}
            >
              <span className={styles["choice"]}>
                {t(`jobs.new_${kind}`)}
                <small>{t(`jobs.new_${kind}_text`)}</small>
              </span>
            </MenuItem>
          );
        })}
    </Menu>
  );
}
