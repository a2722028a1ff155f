import icon from "./icon.svg";

export const Brand = () => (
  <p className="brand">
    <img src={icon.src} alt="" width="28" height="28" />
    <span>PromptForge</span>
  </p>
);
