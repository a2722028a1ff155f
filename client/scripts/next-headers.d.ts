// What the examples use of Next.js, whose package is too large to install for two functions.

declare module "next/headers" {
  export function cookies(): Promise<{ getAll(): { name: string; value: string }[] }>;
  export function headers(): Promise<Headers>;
}
