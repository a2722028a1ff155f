// Made by `billing catalogue types`.

/** A plan. The first is what everybody has. */
export type Plan =
  | "pilot"
  | "team";

/** A flag that a plan can switch on. */
export type Feature =
  /** Export as Markdown. */
  | "canExportMD"
  | "hasAuditLog"
  /** Spaces of a team. */
  | "hasTeamSpaces";

declare module "@promptforge/billing" {
  interface Catalogue {
    plan: Plan;
    feature: Feature;
  }
}
