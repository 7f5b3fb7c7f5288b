declare module "*.ftl" {
  const url: string;
  export default url;
}
