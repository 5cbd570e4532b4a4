/** The part of EPANET's C interface that the twin uses (epanet2_2.h, epanet2_enums.h of version 2.3). */

/** EN_NodeProperty. */
export const nodeProperty = {
  baseDemand: 1,
  emitter: 3,
  demand: 9,
  pressure: 11,
  emitterFlow: 29,
  demandFlow: 31,
} as const;
export type NodeProperty = (typeof nodeProperty)[keyof typeof nodeProperty];

/** EN_LinkProperty. */
export const linkProperty = { flow: 8, status: 11, setting: 12 } as const;
export type LinkProperty = (typeof linkProperty)[keyof typeof linkProperty];

/** EN_TimeParameter. */
export const timeParameter = { hydStep: 1, patternStep: 3, reportStep: 5 } as const;

/** EN_CountType. */
export const countType = { nodes: 0, links: 2, controls: 5 } as const;

/** EN_ControlType. */
export const controlType = { lowLevel: 0, hiLevel: 1 } as const;

/** EN_InitHydOption: do not save to file, start from fresh flows. */
export const initFlow = 10;

type Find = (project: number, id: number, out: number) => number;
type Get = (project: number, index: number, property: number, out: number) => number;
type Set = (project: number, index: number, property: number, value: number) => number;
type Bulk = (project: number, property: number, out: number) => number;
type Plain = (project: number) => number;

/** The WASM module's functions; pointers are byte offsets into its memory. */
export interface EpanetWasm {
  readonly HEAPF64: Float64Array;
  readonly FS: { unlink(path: string): void; analyzePath(path: string): { readonly exists: boolean } };
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  getValue(pointer: number, type: 'i32' | 'double'): number;
  setValue(pointer: number, value: number, type: 'i32' | 'double'): void;
  allocateUTF8(text: string): number;
  readonly _EN_createproject: (out: number) => number;
  readonly _EN_deleteproject: Plain;
  readonly _EN_open: (project: number, inp: number, report: number, binary: number) => number;
  readonly _EN_close: Plain;
  readonly _EN_openH: Plain;
  readonly _EN_initH: (project: number, flag: number) => number;
  readonly _EN_runH: (project: number, out: number) => number;
  readonly _EN_nextH: (project: number, out: number) => number;
  readonly _EN_getcount: (project: number, type: number, out: number) => number;
  readonly _EN_settimeparam: (project: number, parameter: number, value: number) => number;
  readonly _EN_getnodeindex: Find;
  readonly _EN_getlinkindex: Find;
  readonly _EN_getpatternindex: Find;
  readonly _EN_setpatternvalue: Set;
  readonly _EN_setnodevalue: Set;
  readonly _EN_setlinkvalue: Set;
  readonly _EN_getnodevalue: Get;
  readonly _EN_getlinkvalue: Get;
  readonly _EN_getnodevalues: Bulk;
  readonly _EN_getlinkvalues: Bulk;
  readonly _EN_setcontrol: (
    project: number,
    index: number,
    type: number,
    link: number,
    setting: number,
    node: number,
    level: number,
  ) => number;
  readonly _EN_setcontrolenabled: (project: number, index: number, enabled: number) => number;
}

/** What the twin needs of the library's workspace (its own type files do not resolve under Node's module rules). */
export interface EpanetWorkspace {
  readonly instance: EpanetWasm;
  loadModule(): Promise<void>;
  getError(code: number): string;
  writeFile(path: string, data: string): void;
  readFile(path: string): string;
}
