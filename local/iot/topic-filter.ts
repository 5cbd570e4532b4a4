/** Whether a topic matches an MQTT topic filter: `+` stands for one level, `#` at the end for the level above and all below. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  // [MQTT-4.7.2-1] A wildcard at the beginning does not reach the topics of the service itself.
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length) return false;
    if (level !== '+' && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}

export interface BasicIngestTopic {
  readonly ruleName: string;
  /** What is behind the prefix: what `topic()` and `topic(n)` see. */
  readonly topic: string;
}

/** Splits a Basic Ingest topic `$aws/rules/<rule>/<topic>`; undefined for any other. */
export function basicIngestOf(topic: string): BasicIngestTopic | undefined {
  const match = /^\$aws\/rules\/([A-Za-z0-9_]+)\/(.+)$/s.exec(topic);
  return match === null ? undefined : { ruleName: match[1]!, topic: match[2]! };
}
