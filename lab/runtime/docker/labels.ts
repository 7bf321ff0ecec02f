/** Everything the lab makes in the engine bears these labels; `down` removes what bears them and nothing else. */
export const labLabel = 'dev.break-and-observe.lab';
export const componentLabel = 'dev.break-and-observe.component';
/** Hash of what a container was made from: another hash means that it must be created again. */
export const planLabel = 'dev.break-and-observe.plan';
/** On images that the lab builds; shared by the labs of one machine. */
export const imageLabel = 'dev.break-and-observe.image';
/** The label's value on the stage of the build that is thrown away. */
export const stageImage = 'stage';

export function labLabels(lab: string, component?: string): Record<string, string> {
  return { [labLabel]: lab, ...(component === undefined ? {} : { [componentLabel]: component }) };
}

/** A filter for the engine's list calls: what belongs to this lab. */
export function ofLab(lab: string): { label: string[] } {
  return { label: [`${labLabel}=${lab}`] };
}

export const networkName = (lab: string): string => `break-and-observe-${lab}`;
export const containerName = (lab: string, component: string): string =>
  `break-and-observe-${lab}-${component}`;
export const volumeName = (lab: string, component: string): string => `break-and-observe-${lab}-${component}`;
