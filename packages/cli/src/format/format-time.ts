/** A moment for people, in local time to the second: `2012-11-01 22:08:41`. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
