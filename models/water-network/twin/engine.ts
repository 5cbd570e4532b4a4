/**
 * A thin, quiet binding to the EPANET 2.3 engine (`epanet-js`, WASM).
 *
 * The library's own `Project` allocates for every call and prints warnings to the console; a twin makes millions of
 * calls, and a warning (say, pressures below zero during an outage) is an expected state here, so the engine's C
 * interface is called directly and warnings come back as numbers.
 */
import { Workspace } from 'epanet-js';
import {
  countType,
  type EpanetWasm,
  type EpanetWorkspace,
  initFlow,
  type LinkProperty,
  linkProperty,
  type NodeProperty,
  nodeProperty,
  timeParameter,
} from './epanet-api.ts';

/** The engine reported an error (code above 100), or the input text could not be opened. */
export class EpanetError extends Error {
  override readonly name = 'EpanetError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

let loading: Promise<EpanetWorkspace> | undefined;
let fileCounter = 0;

async function workspace(): Promise<EpanetWorkspace> {
  loading ??= (async () => {
    const ws: EpanetWorkspace = new Workspace();
    await ws.loadModule();
    return ws;
  })();
  return await loading;
}

/** One open hydraulic model. Flows are in l/s, heads and levels in m. Call `close` when done: WASM memory is not collected. */
export class EpanetModel {
  readonly nodeCount: number;
  readonly linkCount: number;
  readonly controlCount: number;
  /** Warnings met so far, by EPANET's code (1 unbalanced … 6 negative pressures). */
  readonly warnings = new Map<number, number>();
  private readonly ws: EpanetWorkspace;
  private readonly wasm: EpanetWasm;
  private readonly handle: number;
  private readonly scratch: number;
  private readonly bulk: number;
  private readonly files: readonly string[];
  private closed = false;
  private projectClosed = false;

  private constructor(ws: EpanetWorkspace, inp: string) {
    this.ws = ws;
    this.wasm = ws.instance;
    fileCounter += 1;
    const base = `twin-${fileCounter}`;
    this.files = [`${base}.inp`, `${base}.rpt`, `${base}.bin`];
    ws.writeFile(`${base}.inp`, inp);
    this.scratch = this.wasm._malloc(64);
    this.check(this.wasm._EN_createproject(this.scratch), 'create');
    this.handle = this.wasm.getValue(this.scratch, 'i32');
    const paths = this.files.map((file) => this.wasm.allocateUTF8(file));
    const opened = this.wasm._EN_open(this.handle, paths[0]!, paths[1]!, paths[2]!);
    for (const pointer of paths) this.wasm._free(pointer);
    if (opened > 100) {
      this.closeProject();
      const report = this.readReport();
      this.bulk = 0;
      this.nodeCount = this.linkCount = this.controlCount = 0;
      this.close();
      throw new EpanetError(opened, `EPANET cannot open the network (error ${opened}): ${report}`);
    }
    this.nodeCount = this.count(countType.nodes);
    this.linkCount = this.count(countType.links);
    this.controlCount = this.count(countType.controls);
    this.bulk = this.wasm._malloc(8 * Math.max(this.nodeCount, this.linkCount));
  }

  /** Opens an INP text and its hydraulic solver. @throws EpanetError naming what the engine did not accept */
  static async open(inp: string): Promise<EpanetModel> {
    const model = new EpanetModel(await workspace(), inp);
    try {
      model.check(model.wasm._EN_openH(model.handle), 'openH');
      model.check(model.wasm._EN_initH(model.handle, initFlow), 'initH');
    } catch (error) {
      model.close();
      throw error;
    }
    return model;
  }

  /** Solves the hydraulics at the current time; returns the warning code, 0 when there is none. */
  solve(): number {
    const code = this.wasm._EN_runH(this.handle, this.scratch);
    if (code > 0 && code <= 100) this.warnings.set(code, (this.warnings.get(code) ?? 0) + 1);
    this.check(code, 'runH');
    return code;
  }

  /** Moves on to the next hydraulic event, at most `hydStep` later; returns the step taken in s. */
  advance(): number {
    this.check(this.wasm._EN_nextH(this.handle, this.scratch), 'nextH');
    return this.wasm.getValue(this.scratch, 'i32');
  }

  setStepS(stepS: number): void {
    for (const parameter of Object.values(timeParameter)) {
      this.check(this.wasm._EN_settimeparam(this.handle, parameter, stepS), 'settimeparam');
    }
  }

  nodeIndex(id: string): number {
    return this.indexOf(this.wasm._EN_getnodeindex, id);
  }
  linkIndex(id: string): number {
    return this.indexOf(this.wasm._EN_getlinkindex, id);
  }
  patternIndex(id: string): number {
    return this.indexOf(this.wasm._EN_getpatternindex, id);
  }

  setPattern(index: number, value: number): void {
    this.check(this.wasm._EN_setpatternvalue(this.handle, index, 1, value), 'setpatternvalue');
  }
  setNode(index: number, property: NodeProperty, value: number): void {
    this.check(this.wasm._EN_setnodevalue(this.handle, index, property, value), 'setnodevalue');
  }
  setLink(index: number, property: LinkProperty, value: number): void {
    this.check(this.wasm._EN_setlinkvalue(this.handle, index, property, value), 'setlinkvalue');
  }
  setControl(index: number, type: number, link: number, setting: number, node: number, level: number): void {
    this.check(this.wasm._EN_setcontrol(this.handle, index, type, link, setting, node, level), 'setcontrol');
  }
  setControlEnabled(index: number, enabled: boolean): void {
    this.check(this.wasm._EN_setcontrolenabled(this.handle, index, enabled ? 1 : 0), 'setcontrolenabled');
  }

  /** Whether a link is open, or a pump running. */
  isOpen(index: number): boolean {
    this.check(this.wasm._EN_getlinkvalue(this.handle, index, linkProperty.status, this.scratch), 'getlinkvalue');
    return this.wasm.getValue(this.scratch, 'double') > 0;
  }
  private node(index: number, property: NodeProperty): number {
    this.check(this.wasm._EN_getnodevalue(this.handle, index, property, this.scratch), 'getnodevalue');
    return this.wasm.getValue(this.scratch, 'double');
  }

  /** Level in a tank now, m. EPANET's own TANKLEVEL is the initial one; the pressure at a tank's bottom is the current. */
  tankLevel(index: number): number {
    return this.node(index, nodeProperty.pressure);
  }

  /** One property of every node, by EPANET index − 1, copied into `out`. */
  nodes(property: NodeProperty, out: Float64Array): Float64Array {
    this.check(this.wasm._EN_getnodevalues(this.handle, property, this.bulk), 'getnodevalues');
    out.set(this.wasm.HEAPF64.subarray(this.bulk / 8, this.bulk / 8 + this.nodeCount));
    return out;
  }
  /** One property of every link, by EPANET index − 1, copied into `out`. */
  links(property: LinkProperty, out: Float64Array): Float64Array {
    this.check(this.wasm._EN_getlinkvalues(this.handle, property, this.bulk), 'getlinkvalues');
    out.set(this.wasm.HEAPF64.subarray(this.bulk / 8, this.bulk / 8 + this.linkCount));
    return out;
  }
  /** Water drawn by consumers at every node, l/s. */
  consumption(out: Float64Array): Float64Array {
    return this.nodes(nodeProperty.demandFlow, out);
  }
  /** Water lost through emitters (leaks) at every node, l/s. */
  leakage(out: Float64Array): Float64Array {
    return this.nodes(nodeProperty.emitterFlow, out);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closeProject();
    this.wasm.setValue(this.scratch, this.handle, 'i32');
    this.wasm._EN_deleteproject(this.handle);
    this.wasm._free(this.scratch);
    if (this.bulk !== 0) this.wasm._free(this.bulk);
    const { FS: files } = this.wasm;
    for (const file of this.files) if (files.analyzePath(file).exists) files.unlink(file);
  }

  /** Closes the engine's side, which also writes its report out. A second time it would free its memory twice. */
  private closeProject(): void {
    if (!this.projectClosed) this.wasm._EN_close(this.handle);
    this.projectClosed = true;
  }

  private count(type: number): number {
    this.check(this.wasm._EN_getcount(this.handle, type, this.scratch), 'getcount');
    return this.wasm.getValue(this.scratch, 'i32');
  }

  private indexOf(lookup: (handle: number, id: number, out: number) => number, id: string): number {
    const pointer = this.wasm.allocateUTF8(id);
    try {
      const code = lookup(this.handle, pointer, this.scratch);
      this.check(code, `no element ${id}`);
      return this.wasm.getValue(this.scratch, 'i32');
    } finally {
      this.wasm._free(pointer);
    }
  }

  private check(code: number, doing: string): void {
    if (code > 100) throw new EpanetError(code, `EPANET error ${code} (${doing}): ${this.ws.getError(code)}`);
  }

  private readReport(): string {
    try {
      const text = this.ws.readFile(this.files[1]!);
      const start = text.search(/error/i);
      return text.slice(Math.max(0, start)).replace(/\s+/g, ' ').slice(0, 600);
    } catch {
      return 'no report was written';
    }
  }
}
