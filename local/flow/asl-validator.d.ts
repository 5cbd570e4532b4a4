/** asl-validator ships no types. */
declare module 'asl-validator' {
  export interface ValidationError {
    readonly 'Error code': string;
    readonly Message: string;
  }
  export default function aslValidator(
    definition: unknown,
    options?: { readonly checkPaths?: boolean; readonly checkArn?: boolean },
  ): { readonly isValid: boolean; readonly errors: readonly ValidationError[] };
}
