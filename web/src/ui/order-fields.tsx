/** What is ordered instead: an action of the pack, its target, and what the action takes beside it. */
import type { CaseOption, Parameter } from '../api/types.ts';
import type { Draft } from '../lib/parameters.ts';
import { t } from '../strings.ts';

export function OrderFields({
  options,
  chosen,
  target,
  draft,
  onChoose,
  onTarget,
  onDraft,
}: {
  options: readonly CaseOption[];
  chosen: number;
  target: string;
  draft: Draft;
  onChoose: (index: number) => void;
  onTarget: (target: string) => void;
  onDraft: (draft: Draft) => void;
}) {
  const option = options[chosen];
  return (
    <>
      <fieldset class="choices">
        <legend class="label">{t.case.order}</legend>
        {options.map((one, index) => (
          <label class="choice" key={one.action + (one.target ?? '')}>
            <input type="radio" name="order" checked={index === chosen} onChange={() => onChoose(index)} />
            <span>
              {t.order(one.action, one.target)}
              {one.label && <span class="hint"> {one.label}</span>}
              {one.highImpact && <span class="hint"> {t.case.affectedHigh}</span>}
            </span>
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for="order-target">{t.case.target}</label>
        {option?.targets && option.targets.length > 0 ? (
          <select id="order-target" value={target} onChange={(event) => onTarget(event.currentTarget.value)}>
            {[...new Set([...(option.target ? [option.target] : []), ...option.targets])].map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        ) : (
          <input
            id="order-target"
            required
            maxLength={64}
            value={target}
            onInput={(event) => onTarget(event.currentTarget.value)}
          />
        )}
      </div>
      {Object.entries(option?.parameters?.properties ?? {}).map(([name, parameter]) => (
        <ParameterField
          key={`${option?.action}/${name}`}
          name={name}
          parameter={parameter}
          required={option?.parameters?.required?.includes(name) ?? false}
          value={draft[name] ?? ''}
          onInput={(value) => onDraft({ ...draft, [name]: value })}
        />
      ))}
    </>
  );
}

function ParameterField({
  name,
  parameter,
  required,
  value,
  onInput,
}: {
  name: string;
  parameter: Parameter;
  required: boolean;
  value: string;
  onInput: (value: string) => void;
}) {
  const id = `parameter-${name}`;
  const choices =
    parameter.type === 'boolean'
      ? (['true', 'false'] as const).map((each) => ({ each, word: t.parameter[each] }))
      : parameter.type === 'string'
        ? parameter.enum?.map((each) => ({ each, word: t.action(each) }))
        : undefined;
  const hint = [parameter.description, t.parameter.allowed(parameter), required ? '' : t.parameter.optional]
    .filter(Boolean)
    .join(' ');
  return (
    <div class="field">
      <label for={id}>{parameter.title ?? t.action(name)}</label>
      {choices ? (
        <select
          id={id}
          value={value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onInput(event.currentTarget.value)}
        >
          {(!required || value === '') && <option value="">{t.none}</option>}
          {choices.map(({ each, word }) => (
            <option key={each} value={each}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          // A number field of the browser hides what is no number; this one shows it and says what is wrong.
          inputMode={parameter.type === 'string' ? 'text' : parameter.type === 'integer' ? 'numeric' : 'decimal'}
          maxLength={parameter.type === 'string' ? (parameter.maxLength ?? 256) : 32}
          autoComplete="off"
          value={value}
          aria-describedby={`${id}-hint`}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}
