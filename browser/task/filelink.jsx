// One stored file: thumbnail (or the kind), name, size.
const kind = ({ name = "" }) => (/\.([a-z0-9]{2,4})$/i.exec(name)?.[1] ?? "…").toUpperCase();

/** 1536 -> "1.5 kB" */
export function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function FileLink({ file }) {
  const picture = file.thumbnail ? <img src={file.thumbnail} alt="" width="36" height="36" loading="lazy" /> : <span class="licet-file-kind" aria-hidden="true">{kind(file)}</span>;
  const words = <>{picture}<span class="licet-file-name">{file.name ?? file.id}</span><span class="licet-muted">{size(file.size)}</span></>;
  return file.url ? <a class="licet-file" href={file.url} target="_blank" rel="noopener">{words}</a> : <span class="licet-file">{words}</span>;
}
