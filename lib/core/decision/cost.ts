/** What a decision costs to compute. */

/** AWS Lambda on arm64, first tier, https://aws.amazon.com/lambda/pricing/; a test holds it against bench/prices.ts. */
export const usdPerGbSecond = 0.0000133334;
export const usdPerRequest = 0.2e-6;

/** Compute of the three functions of a decision, of which inference is timed and the other two are a request each. */
export const decisionCostUsd = (latencyMs: number, memoryMb: number): number =>
  (latencyMs / 1000) * (memoryMb / 1024) * usdPerGbSecond + 3 * usdPerRequest;
