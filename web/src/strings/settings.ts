/** Settings: people, channels and subjects. */

export const settingsStrings = {
  title: 'Settings',
  manual: 'Minutes that a case takes by hand',
  manualHint: 'Your own measurement. Figures and closed cases compare with it.',
  site: 'Name of the site',
  siteHint: 'Stands beside the product’s name, for whoever watches several.',
  kind: 'Kind',
  minutes: 'Minutes',
  add: 'Add a kind',
  zone: 'Time zone of the site',
  zoneHint: 'An IANA name such as Europe/Berlin.',
  users: 'People',
  user: { name: 'Name', groups: 'Groups', state: 'State' },
  disabled: 'disabled',

  disable: 'Disable',
  enable: 'Enable',
  addUser: 'Add a person',
  temporary: (name: string) => `Temporary password of ${name}. It is shown once; hand it over personally:`,
  created: (name: string) => `${name} was added.`,
  groupsOf: (name: string) => `Groups of ${name}`,
  adminOnly: 'Settings are for admins.',
  groupHint: {
    viewer: 'sees everything',
    operator: 'takes, rejects, reports, stops',
    approver: 'approves, orders, resumes',
    auditor: 'reads, verifies, exports; never acts',
    admin: 'people and settings',
  } as Record<string, string>,
};
