/** Equal texts in equal languages. */
export function sameTexts(one: Record<string, string>, two: Record<string, string>): boolean {
  const languages = Object.keys(one);
  return languages.length === Object.keys(two).length && languages.every((language) => one[language] === two[language]);
}
