import "@promptforge/billing/pricing.css";
import "./app.css";
import type { Metadata, Viewport } from "next";

export const metadata: Metadata = { title: { default: "PromptForge", template: "%s · PromptForge" } };
export const viewport: Viewport = { colorScheme: "light dark" };

export default function Layout({ children }: LayoutProps<"/">) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
