// What the examples use of Next.js, whose package is too large to install for a few names.

declare module "next" {
  export interface NextConfig {
    rewrites?: () => Promise<{ source: string; destination: string }[]>;
  }
}
declare module "next/headers" {
  interface Jar {
    getAll(): { name: string; value: string }[];
    set(
      name: string,
      value: string,
      cookie?: { path?: string; maxAge?: number; sameSite?: boolean | "lax" | "strict" | "none" },
    ): Jar;
    set(cookie: { name: string; value: string }): Jar;
  }
  export function cookies(): Promise<Jar>;
}
declare module "next/link" {
  export default function Link(props: { href: string; children: string }): import("react").ReactElement;
}
declare module "next/navigation" {
  export function redirect(url: string): never;
  export function useRouter(): { refresh(): void };
}
declare module "next/server" {
  interface RequestJar {
    getAll(): { name: string; value: string }[];
    set(name: string, value: string): RequestJar;
  }
  export interface NextRequest extends Request {
    readonly cookies: RequestJar;
    readonly nextUrl: URL;
  }
  export class NextResponse extends Response {
    static next(init?: { request?: { headers?: Headers } }): NextResponse;
    static redirect(url: string | URL): NextResponse;
  }
}
