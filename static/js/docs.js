// Shows the OpenAPI document of this site. Nothing is asked of any other.
const place = document.getElementById("docs");
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
  queryConfigEnabled: false,
});
