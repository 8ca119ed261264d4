# dist\Rubato-VERSION-setup.exe from a clean checkout. Not run yet: written from the tools' documentation. See ..\README.md.
$ErrorActionPreference = "Stop"
$PSNativeCommandUseErrorActionPreference = $true
Set-Location (Join-Path $PSScriptRoot "..\..")

function Invoke-Step { param([scriptblock] $Step) & $Step; if ($LASTEXITCODE -ne 0) { throw "failed: $Step" } }

Invoke-Step { py packaging\targets.py setup }
$python = ".venv\Scripts\python.exe"
$version = & $python -c "import app; print(app.__version__)"
$model = & $python -c "from app.downloads import catalogue, models_folder; from app.paths import user_paths; print(models_folder.find_model(catalogue.load().entry(catalogue.STARTER_ID), user_paths()))"

# llama.cpp for every x86-64 processor; its installation puts the variants into a folder bin beside the package
$engine = Join-Path (Get-Location) "build\package\engine-windows"
if (-not (Test-Path $engine)) {
    New-Item -ItemType Directory -Force build\package | Out-Null
    & $python -c "import sys; sys.path.insert(0, 'packaging'); import variants; open('build/package/llama.txt', 'w').write(variants.pinned(open('requirements.lock').read()))"
    $env:CMAKE_ARGS = "-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DLLAVA_BUILD=OFF"
    Invoke-Step { & $python -m pip install --no-deps --require-hashes --no-binary=:all: --no-cache-dir --target "$engine.part" -r build\package\llama.txt }
    Copy-Item "$engine.part\bin\ggml-cpu-*.dll" "$engine.part\llama_cpp\lib"
    Rename-Item "$engine.part" $engine
}

$env:QT_QPA_PLATFORM = "offscreen"
Invoke-Step { & $python packaging\icons.py build\package\icons }
Invoke-Step { & $python -c "from PIL import Image; Image.open('build/package/icons/256x256/apps/rubato.png').save('build/package/rubato.ico', sizes=[(16, 16), (32, 32), (48, 48), (256, 256)])" }
Remove-Item Env:QT_QPA_PLATFORM

$env:PYTHONPATH = "$engine;$(Get-Location)"
Invoke-Step { & $python -m PyInstaller --noconfirm --clean --distpath build\package\dist --workpath build\package\pyinstaller packaging\rubato.spec }
$models = "build\package\dist\rubato\_internal\app\models"
Copy-Item $model, "$model.sha256" $models
(Get-Item "$models\$(Split-Path -Leaf $model).sha256").LastWriteTime = Get-Date  # newer than the model
Invoke-Step { & $python packaging\licenses.py --texts build\package\dist\rubato\licenses }
Copy-Item LICENSE, packaging\LICENSES.md, packaging\CHANGELOG.md build\package\dist\rubato

function Set-Signature($file) {
    if ($env:RUBATO_CERTIFICATE) {
        Invoke-Step { signtool sign /sha1 $env:RUBATO_CERTIFICATE /fd SHA256 /tr http://timestamp.digicert.com /td SHA256 $file }
    }
}
Set-Signature "build\package\dist\rubato\Rubato.exe"
Set-Signature "build\package\dist\rubato\rubato-console.exe"
Invoke-Step { & "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe" /DVersion=$version packaging\windows\rubato.iss }
Set-Signature "dist\Rubato-$version-setup.exe"
Write-Output "Ready: dist\Rubato-$version-setup.exe"
