import { QueryClientProvider } from "@tanstack/react-query";
import { queryClient } from "@/api/query";
import { Toasts, TooltipHost } from "@/ui";
import { Announcer } from "./Announcer";
import { Boundary } from "./Boundary";
import { Routes } from "./Routes";

export function App() {
  return (
    <Boundary>
      <QueryClientProvider client={queryClient}>
        <Routes />
        <Toasts />
        <TooltipHost />
        <Announcer />
      </QueryClientProvider>
    </Boundary>
  );
}
