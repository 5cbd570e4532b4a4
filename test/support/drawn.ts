/** Which of some bins is drawn, each as often as its share says. */
export function drawn(shares: readonly number[], random: () => number): number {
  let left = random();
  const at = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  // Shares that were rounded may sum to a little less than 1.
  return at < 0 ? shares.length - 1 : at;
}
