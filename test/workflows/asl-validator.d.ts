/** The part of asl-validator that is used; the package has no types for its entry point. */
declare module 'asl-validator' {
  export default function validate(definition: unknown): { isValid: boolean; errorsText(separator: string): string };
}
