export type SecretKind =
  'private key' | 'password' | 'password hash' | 'token' | 'key' | 'secret' | 'authorization' | 'cookie'

/** Group 1 of the pattern tells that a secret follows and stays, group 2 is the secret. */
export interface Rule {
  kind: SecretKind
  pattern: RegExp
  /** Whether it really is one. */
  check?: (secret: string) => boolean
}

const hasDigit = (text: string): boolean => /\d/.test(text)
const isMixed = (text: string): boolean => hasDigit(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)

/** Not in the middle of a word, nor of a path or of base64. */
const alone = '(?<![A-Za-z0-9_+-])'

/** Secrets that are known by their form, as those who issue them print it. */
const forms = [
  'eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]*',
  'gh[pousr]_[A-Za-z0-9]{30,}',
  'github_pat_\\w{22,}',
  'gl(?:pat|dt|rt|ptt|ft|soat|agent|cbt|imt|oas)-[\\w.-]{20,}',
  'xox[abceoprs]-[\\w-]{10,}',
  'xapp-[\\w-]{10,}',
  'sk-(?!ssh-|ecdsa-)(?=[\\w-]*\\d)[\\w-]{20,}',
  '[rs]k_(?:live|test)_\\w{16,}',
  'whsec_[\\w+/=]{16,}',
  'hf_[A-Za-z0-9]{30,}',
  'npm_[A-Za-z0-9]{36}',
  'pypi-[\\w-]{50,}',
  'dckr_(?:pat|oat)_[\\w-]{20,}',
  'do[opr]_v1_[a-f0-9]{64}',
  'AIza[\\w-]{35}',
  'ya29\\.[\\w-]{20,}',
  'GOCSPX-[\\w-]{20,}',
  'SG\\.[\\w-]{16,}\\.[\\w-]{32,}',
  'hv[sbr]\\.[\\w-]{24,}',
  'tskey-\\w+-[\\w-]{10,}',
  'gl(?:sa|c)_[\\w+/=]{20,}',
  'xai-\\w{40,}',
  'gsk_\\w{40,}',
  'lin_api_\\w{30,}',
  'dapi[0-9a-f]{32}',
  '\\d{8,10}:AA[\\w-]{33}',
  'bg_[0-9a-f]{16}_[\\w-]{43}',
  'PVE:[\\w.@-]+:[0-9A-F]{8}::[\\w+/=]{20,}',
  '[a-z0-9]{6}\\.[a-z0-9]{16}(?=\\s+--discovery-token)',
].join('|')

const hashes =
  '\\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[\\w-]*)\\$[\\w./$=,+-]{12,}' +
  '|SCRAM-SHA-256\\$\\d+:[\\w+/=]+\\$[\\w+/=:]+'

const keyWords = '[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----'
/** What of a key stands in one line, with its newlines escaped, or made blanks. */
const keyLine =
  `-----BEGIN ${keyWords}(?:[\\w+/=\\\\]|(?:Proc-Type|DEK-Info): ?[\\w,-]+` +
  '| (?=[A-Za-z0-9+/=]{40,}|[A-Za-z0-9+/=]{1,76} ?-----END|-----END))*' +
  `(?:-----END ${keyWords})?`

const command = '[^\\n|;]{0,200}?\\s'

/**
 * None of them can take longer than its line is long, however it is written: what repeats is bounded, or begins
 * where nothing of the same kind stands before it.
 */
export const rules: Rule[] = [
  { kind: 'private key', pattern: new RegExp(`()(${keyLine})`, 'g') },
  { kind: 'token', pattern: new RegExp(`${alone}()(${forms})`, 'g') },
  { kind: 'key', pattern: /(?<![A-Za-z0-9])()((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Za-z0-9])/g },
  { kind: 'key', pattern: /()(AGE-SECRET-KEY-1[A-Z0-9]{40,})/g },
  { kind: 'token', pattern: /(hooks\.slack\.com\/(?:services|workflows)\/)([\w/]{20,})/g },
  { kind: 'password hash', pattern: new RegExp(`()(${hashes})`, 'g') },

  // scheme://who:password@where, with a slash or an @ in the password too, and scheme://token@where.
  { kind: 'password', pattern: /(:\/\/[^\s:@/"'<>]{0,200}:)([^\s"'<>/]{1,500})(?=@)/g },
  { kind: 'password', pattern: /(:\/\/[^\s:@/"'<>]{0,200}:)(?!\d{1,5}\/)([^\s"'<>@]{1,200})(?=@)/g },
  { kind: 'token', pattern: /(:\/\/)([\w-]{20,200})(?=@)/g, check: hasDigit },

  // Headers. One token after the usual schemes; else up to the end of the line, or of the quotes around it.
  {
    kind: 'authorization',
    pattern:
      /(authorization\\{0,4}["']?\s{0,4}[:=]\s{0,4}\\{0,4}["']?(?:bearer|basic|token|apikey|negotiate|ntlm)\s{1,4})([^\s"'`,;)}\]\\]+)/gi,
  },
  {
    kind: 'authorization',
    pattern:
      /(authorization\\{0,4}["']?\s{0,4}[:=]\s{0,4}\\{0,4}["']?)(?!(?:bearer|basic|token|apikey|negotiate|ntlm)\s)([^\s"'`][^"'`\n]{5,})/gi,
    check: (value) => !/^[a-z ,.:_-]+$/.test(value),
  },
  { kind: 'authorization', pattern: /(["'](?:Digest|AWS4-HMAC-SHA256) )([^']{5,})/g },
  { kind: 'authorization', pattern: /((?<![a-z])bearer\s{1,4})([\w.~+/=-]{16,})/gi, check: hasDigit },
  { kind: 'authorization', pattern: /((?:digest|credential)\b.{0,300}\bresponse=")([^"]{8,})/gi },
  { kind: 'cookie', pattern: /(cookie["']?\s{0,4}:\s{0,4}["']?)([^"'=\n]{1,200}=[^"'\n]*)/gi },

  // Programs that take a password as an argument.
  {
    kind: 'password',
    pattern: new RegExp(`(\\b(?:mysql|mariadb|xtrabackup)[\\w-]{0,20}\\b${command}-p["']?)([^\\s"']+)`, 'g'),
  },
  {
    kind: 'password',
    pattern: new RegExp(
      `(\\bcurl\\b${command}(?:-[a-zA-Z]{0,8}u|--user)[\\s=]{0,4}["']?[^\\s:"']{1,100}:)([^\\s"']+)`,
      'g',
    ),
  },
  { kind: 'password', pattern: /(\bsshpass\s{1,4}-p\s{0,4}["']?)([^\s"']+)/g },
  {
    kind: 'password',
    pattern: new RegExp(`(\\bredis-cli\\b${command}-a\\s{1,4}["']?)([^\\s"']+)`, 'g'),
  },
  { kind: 'password', pattern: new RegExp(`(\\bldap\\w+\\b${command}-w\\s{0,4}["']?)([^\\s"']+)`, 'g') },
  {
    kind: 'password',
    pattern: new RegExp(
      `(\\b(?:docker|podman|skopeo|buildah|registry) login\\b${command}-p\\s{1,4}["']?)([^\\s"']+)`,
      'g',
    ),
  },
  { kind: 'password', pattern: /((?:requirepass|masterauth)\s{1,20}["']?)([^\s"']+)/g },
  { kind: 'password', pattern: /(-pass(?:in|out)?\s{1,4}["']?pass:)([^\s"']+)/g },
  {
    kind: 'password',
    pattern: /((?:identified\s{1,4}by|\bpassword)\s{1,4}')((?:[^'\\]|\\.)+)/gi,
  },
  {
    kind: 'password',
    pattern:
      /(\becho\s{1,4}(?:-\w\s{1,4})?["']?[\w.-]{1,64}:)([^\s"'|]+)(?=["']?\s{0,4}\|[^|]{0,40}chpasswd)/g,
  },
  {
    kind: 'password',
    pattern:
      /(\becho\s{1,4}(?:-\w\s{1,4})?["']?)([^\s"'|]+)(?=["']?\s{0,4}\|\s{0,4}sudo\s[^|]{0,40}-\w{0,3}S\b)/g,
  },
  // .pgpass: host:port:database:user:password
  {
    kind: 'password',
    pattern: /^([^:\s]{1,255}:(?:\*|543\d|6432|6543):[^:\s]{1,100}:[^:\s]{1,100}:)((?:[^:\s\\]|\\.)+)$/g,
  },
  // ipsec.secrets: `: PSK "…"`, `tablet : EAP "…"`, `: PSK 0sBASE64`.
  {
    kind: 'password',
    pattern: /((?:^|\s):\s{1,20}(?:PSK|EAP|XAUTH|NTLM|PIN|PPK)\s{1,20}")([^"\n]+)/g,
  },
  { kind: 'password', pattern: /((?:^|\s):\s{1,20}(?:PSK|EAP|XAUTH|NTLM|PPK)\s{1,20})(0[sx]\S+)/g },
  // sasl_passwd: `[smtp.example.org]:587 me:…`, and without a port `[smtp.example.org] me@example.org:…`.
  {
    kind: 'password',
    pattern:
      /^(\s{0,20}(?:\[[\w.-]{1,253}\]|[\w.-]{1,253}):(?:25|465|587|2525|smtps?|submissions?)[ \t]{1,40}[^\s:]{1,128}:)(\S+)\s*$/g,
    // An address and port, as in a list of connections.
    check: (secret) => !/^(?:\d{1,5}|\*)$/.test(secret),
  },
  {
    kind: 'password',
    pattern: /^(\s{0,20}\[[\w.-]{1,253}\][ \t]{1,40}[^\s:@]{1,64}@[\w.-]{1,253}:)(\S+)\s*$/g,
  },
  // chap-secrets: who, to whom, secret, from where; one of the last is nearly always `*`.
  {
    kind: 'password',
    pattern:
      /^(\s{0,20}[^\s#]\S{0,200}[ \t]{1,40}(?:\*|pptpd|l2tpd|xl2tpd|pppd)[ \t]{1,40}"?)([^\s"]+)(?="?[ \t]{1,40}(?:"?\*"?|[\d.]{7,15})\s*$)/g,
    check: (secret) => secret !== '*',
  },
  // .netrc on one line, and lines of network devices.
  { kind: 'password', pattern: /(\b(?:login|user(?:name)?)\s{1,8}\S{1,100}\s{1,8}password\s{1,8})(\S+)/gi },
  { kind: 'password', pattern: /(\b(?:password|secret)\s{1,4}[57]\s{1,4})(\S{6,})/gi },

  // .docker/config.json and .npmrc
  {
    kind: 'authorization',
    pattern: /((?<![a-z])_?auth["']?\s{0,4}[:=]\s{0,4}["']?)([A-Za-z0-9+/]{11,}={0,2})(?![\w.-])/gi,
    check: (value) => isMixed(value) || value.endsWith('='),
  },
]

/**
 * Where none of these stands no rule finds anything: most lines are passed over by this one search. Each rule, each
 * word of a named value and the begin of a key block must have something here.
 */
export const trigger = new RegExp(
  [
    'pass|pwd|psk|secret|token|key|auth|cookie|bearer|credential|digest|value|identified|curl|redis-cli|ldap|login',
    ':\\s{1,20}(?:eap|xauth|ntlm|pin|ppk)\\s',
    ':(?:25|465|587|2525|smtps?|submissions?)[ \\t]|\\][ \\t]{1,40}[^\\s:@]{1,64}@',
    '[ \\t](?:\\*|x?l2tpd|pptpd|pppd)[ \\t]{1,40}\\S{1,400}[ \\t]{1,40}(?:"?\\*|\\d)',
    'mysql|mariadb|xtrabackup|:\\/\\/|:(?:\\*|543\\d|6432|6543):|hooks\\.slack|echo',
    '-----begin|\\$\\w{1,14}\\$|\\$pbkdf2-|scram-sha',
    'eyj|gh[pousr]_|github_pat|gl[a-z]{2,5}-|xox[a-z]-|xapp-|sk-|[rs]k_|whsec_|hf_|npm_|pypi-|dckr_|do[opr]_v1',
    'aiza|ya29|gocspx|sg\\.|hv[sbr]\\.|tskey|gl(?:sa|c)_|xai-|gsk_|lin_api|dapi|:aa|bg_|pve:|a[kscb][ic]a',
  ].join('|'),
  'gi',
)
