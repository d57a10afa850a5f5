import { Component, type ReactNode } from "react";
import { translate } from "@/lib/i18n";
import { Button, State } from "@/ui";

/** What is shown when the page itself breaks: a sentence and a way on. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main>
        <State
          level={1}
          title={translate("common.crash_title")}
          next={
            <Button look="primary" onClick={() => window.location.reload()}>
              {translate("common.reload")}
            </Button>
          }
        >
          {translate("common.crash_text")}
        </State>
      </main>
    );
  }
}
