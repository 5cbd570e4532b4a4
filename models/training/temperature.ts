/**
 * Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one number makes a model's
 * probabilities agree with observed frequencies without changing which class is on top. With a few thousand
 * validation windows one parameter cannot overfit, where isotonic regression a class would.
 */
import { softmax } from './booster.ts';

const minTemperature = 0.2;
const maxTemperature = 10;
const goldenSteps = 60;

/**
 * The temperature with the least weighted log loss, by golden-section search (the loss is unimodal in 1/T).
 * @param scores raw scores of each row, before softmax
 */
export function fitTemperature(
  scores: readonly Float64Array[],
  labels: readonly number[],
  weights: readonly number[],
): number {
  const loss = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    let sum = 0;
    scores.forEach((row, i) => {
      const p = softmax(row.map((score) => score / temperature));
      sum -= weights[i]! * Math.log(Math.max(p[labels[i]!]!, 1e-12));
    });
    return sum;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(minTemperature);
  let high = Math.log(maxTemperature);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let leftLoss = loss(left);
  let rightLoss = loss(right);
  for (let step = 0; step < goldenSteps && high - low > 1e-6; step += 1) {
    if (leftLoss <= rightLoss) {
      high = right;
      right = left;
      rightLoss = leftLoss;
      left = high - ratio * (high - low);
      leftLoss = loss(left);
    } else {
      low = left;
      left = right;
      leftLoss = rightLoss;
      right = low + ratio * (high - low);
      rightLoss = loss(right);
    }
  }
  return Math.fround(Math.exp((low + high) / 2));
}
