import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { useT } from "@/lib/i18n";
import { IconButton } from "./Button";
import { Input } from "./Field";
import styles from "./Field.module.css";

export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const t = useT();
  const [shown, setShown] = useState(false);
  return (
    <div className={styles["password"]}>
      <Input {...props} type={shown ? "text" : "password"} spellCheck={false} autoCapitalize="none" />
      <IconButton
        small
        className={styles["reveal"]}
        label={t(shown ? "auth.hide_password" : "auth.show_password")}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
      >
        {shown ? <EyeOff size={16} /> : <Eye size={16} />}
      </IconButton>
    </div>
  );
}
