// The words of the catalogue: which plans and flags there are. The API answers every flag there is.

/**
 * The words of your catalogue, if it is another than the shipped one. `billing catalogue types` writes the
 * declaration that adds `plan` and `feature` here.
 */
export interface Catalogue {}

/** A plan: `pilot` is what everybody has. */
export type PlanCode = Catalogue extends { plan: infer Plan extends string } ? Plan : ShippedPlan;

/** One of the flags that a plan switches on. A misspelt one does not compile. */
export type Feature = Catalogue extends { feature: infer Flag extends string } ? Flag : ShippedFeature;

/** A plan of the shipped catalogue: `pilot` is what everybody has. */
export type ShippedPlan = "pilot" | "pro" | "enterprise";

/** A flag of the shipped catalogue. */
export type ShippedFeature =
  | "canUseAllModules"
  | "canExportMD"
  | "canExportPDF"
  | "canExportJSON"
  | "canUseGptTestReal"
  | "hasCloudHistory"
  | "hasEvaluatorAI"
  | "hasAPI"
  | "canExportBundleZip"
  | "hasWhiteLabel"
  | "hasSeatsGT1";
