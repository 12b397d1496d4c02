"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const chooser = document.getElementById("scene");
  const groups = {};
  data.scenes.forEach((scene, index) => {
    if (!groups[scene.group]) {
      groups[scene.group] = document.createElement("optgroup");
      groups[scene.group].label = scene.group;
      chooser.append(groups[scene.group]);
    }
    groups[scene.group].append(new Option(scene.label, index));
  });
  if (!window.$3Dmol) {
    document.getElementById("viewer").textContent = "The 3D view needs 3Dmol.js, which could not be loaded.";
    return;
  }
  const viewer = $3Dmol.createViewer("viewer", { backgroundColor: "white" });
  window.sertdockViewer = viewer;
  const ions = ["NA", "CL", "K", "MG", "CA", "ZN"];
  function sticks(text, scheme, radius) {
    const model = viewer.addModel(text, "sdf");
    model.setStyle({}, { stick: { colorscheme: scheme, radius: radius } });
    return model;
  }
  function show(keepView) {
    const scene = data.scenes[Number(chooser.value)];
    const receptor = data.receptors[scene.receptor];
    viewer.removeAllModels();
    const protein = viewer.addModel(receptor.model, "pdb");
    const whole = document.getElementById("cartoon").checked;
    protein.setStyle({}, whole ? { cartoon: { color: "lightgrey", opacity: 0.75 } } : {});
    const ball = (opacity) => ({ sphere: { radius: 0.9, opacity: opacity } });
    protein.setStyle({ resn: ions }, ball(scene.frame ? 0.35 : 1), true);
    const lining = { or: receptor.residues[scene.site] };
    let ligand;
    if (scene.frame) {
      const frame = viewer.addModel(scene.frame, "pdb");
      frame.setStyle({}, {});
      frame.setStyle(lining, { stick: { radius: 0.1 } });
      frame.setStyle({ resn: ions }, ball(1));
      frame.setStyle({ resn: "LIG" }, { stick: { colorscheme: "orangeCarbon", radius: 0.2 } });
      ligand = { model: frame, resn: "LIG" };
      sticks(scene.ligand, "cyanCarbon", 0.08);
    } else {
      protein.setStyle(lining, { stick: { radius: 0.1 } }, true);
      ligand = { model: sticks(scene.ligand, "orangeCarbon", 0.2) };
    }
    const known = receptor.references[scene.site];
    if (known && document.getElementById("reference").checked) sticks(known, "grayCarbon", 0.08);
    if (!keepView) { viewer.zoomTo(ligand); viewer.zoom(0.55); }
    viewer.render();
  }
  chooser.addEventListener("change", () => show(false));
  document.getElementById("reference").addEventListener("change", () => show(true));
  document.getElementById("cartoon").addEventListener("change", () => show(true));
  show(false);
})();
