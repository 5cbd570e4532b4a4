/** One of a few, side by side. */
export function Segments<V extends string>({
  label,
  of,
  value,
  onChange,
  class: extra,
}: {
  label: string;
  of: readonly { readonly value: V; readonly word: string }[];
  value: V | undefined;
  onChange: (value: V) => void;
  class?: string;
}) {
  return (
    <fieldset class={`segments${extra ? ` ${extra}` : ''}`} aria-label={label}>
      {of.map((each) => (
        <button key={each.value} type="button" aria-pressed={value === each.value} onClick={() => onChange(each.value)}>
          {each.word}
        </button>
      ))}
    </fieldset>
  );
}
