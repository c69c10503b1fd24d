Redoc.init(
  '/openapi.json',
  { disableGoogleFont: true, hideLogo: true },
  document.getElementById('page'),
);
