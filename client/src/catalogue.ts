// The words of the shipped catalogue. Another catalogue may have more: the API answers every flag there is.

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
